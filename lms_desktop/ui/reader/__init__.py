"""The reading pane: a lesson's HTML subset becomes a document that opens nothing by itself."""
