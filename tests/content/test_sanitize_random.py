"""Random markup, from pieces that break parsers: safe, and unchanged by a second pass."""

import os

from hypothesis import given, settings
from hypothesis import strategies as st

from lms_server.content.markdown import to_html
from tests.content.test_sanitize import clean, judge

PIECES = st.sampled_from(
    [
        *(
            "<p>",
            "</p>",
            "<div class=callout>",
            "</div>",
            "<pre>",
            "</pre>",
            "<code class=language-py>",
            "</code>",
            "\n",
        ),
        *(
            "<table>",
            "<tr>",
            "<td>",
            "</table>",
            "<ul>",
            "<li>",
            "</ul>",
            "<a href=two.md>",
            "</a>",
            "<b>",
            "</b>",
            "<i>",
        ),
        *(
            "<details>",
            "<summary>",
            "</summary>",
            "</details>",
            "<iframe src=https://x.example>",
            "</iframe>",
            "<script>",
        ),
        *(
            "</script>",
            "<img src=../assets/a.png>",
            "<img src=x alt=y>",
            "<video>",
            "<source src=//x.example/a>",
            "</video>",
        ),
        *(
            "<svg>",
            "<style>",
            "</style>",
            "<!--",
            "-->",
            "<math>",
            "<select>",
            "<option>",
            "<h1>",
            "</h1>",
            "<br>",
            "<q>",
        ),
        *(
            "text",
            "&lt;",
            "&#13;",
            "&nbsp;",
            "\t",
            '"',
            "'",
            "<",
            ">",
            "&",
            "`",
            "```py\n",
            "> [!TIP]\n",
            "- [ ] ",
            "| a |\n",
        ),
        *(
            "<p class=online>",
            "<span class=k>",
            "</span>",
            "<center>",
            "<input type=checkbox>",
            "<textarea>",
            "<title>",
            "é",
            "<p id=x>",
            "<a id=y name=x href=#x>",
            "<span id='a b'>",
            "<details id=x>",
            "<summary id=y>",
            "<img id=z src=../assets/a.png>",
            "<video id=v>",
            "<a href='#a b'>",
            "[x](#y)",
            "[^1]",
            "\n\n[^1]: note\n",
            "# h {#x}\n",
        ),
    ]
)


@settings(max_examples=int(os.environ.get("LMS_EXAMPLES", "150")), deadline=None)
@given(st.lists(PIECES, max_size=25).map("".join))
def test_random_markup(text):
    judge(clean(text).html)
    judge(clean(to_html(text)).html)
