import pytest

from tests.world import Laptop, World


@pytest.fixture(params=["sqlite", "postgres"])
def world(request, tmp_path):
    """A server on each database."""
    database = request.getfixturevalue("postgres_url") if request.param == "postgres" else None
    made = World(tmp_path / "server", database)
    yield made
    made.close()


@pytest.fixture
def laptops(tmp_path, world):
    """Makes laptops, and closes them."""
    made = []

    def make(learner, name=None, **options):
        laptop = Laptop(world, learner, tmp_path / f"laptop{name or len(made)}" / "profile", **options)
        made.append(laptop)
        return laptop

    yield make
    for laptop in made:
        laptop.close()
