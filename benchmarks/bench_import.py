"""Importing whole courses, each in a process of its own: ``python benchmarks/bench_import.py [COURSE…]``.

Without arguments the sample courses beside the project. Prints seconds to read and to import, lessons and files a
second, and the most memory that the process held.
"""

import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from lms_server.actions.course_import import import_course
from lms_server.actions.installation import install
from lms_server.content.read import read_course
from lms_server.settings import read_settings

SAMPLES = Path(__file__).parents[2] / "shared" / "courses"
NAMES = (
    "rpf-rock-band/ar-SA",
    "rpf-rock-band/en",
    "comprehensive-rust",
    "ally-accessibility-workshop.imscc",
    "studio-advanced.olx.tar.gz",
)
MIB = 1 << 20


def measure(course: Path) -> dict[str, float]:
    """One import into a new server on this machine's disk."""
    with tempfile.TemporaryDirectory() as folder:
        context = install(read_settings({}, Path(folder)), "Benchmark")
        before = _peak_bytes()
        started, started_cpu = time.perf_counter(), time.process_time()
        package = read_course(course)
        read_s = time.perf_counter() - started
        import_course(context, package, publish=True)
        took_s, cpu_s = time.perf_counter() - started, time.process_time() - started_cpu
        size = sum(asset.size for asset in package.assets.values())
        context.engine.dispose()
    return {
        "lessons": len(package.lessons),
        "assets": len(package.assets),
        "bytes": size,
        "read_s": read_s,
        "took_s": took_s,
        "cpu_s": cpu_s,
        "peak": _peak_bytes(),
        "before": before,
    }


def _peak_bytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def big_course(folder: Path, files: int = 150) -> Path:
    """A course with 150 MiB of pictures that don't compress."""
    noise = Path("/dev/urandom")
    (folder / "lessons").mkdir(parents=True)
    (folder / "course.toml").write_text('format = 1\nslug = "big"\ntitle = "Big"\n')
    with noise.open("rb") as source:
        for number in range(files):
            (folder / f"{number}.mp4").write_bytes(source.read(MIB))
            (folder / "lessons" / f"{number}.md").write_text(f"# {number}\n\n[film](/{number}.mp4)\n")
    return folder


def main() -> None:
    if sys.argv[1:2] == ["--one"]:
        print(json.dumps(measure(Path(sys.argv[2]))))
        return
    with tempfile.TemporaryDirectory() as folder:
        given = [Path(name) for name in sys.argv[1:]] or [SAMPLES / name for name in NAMES if (SAMPLES / name).exists()]
        for course in [*given, big_course(Path(folder) / "big")]:
            report(course)


def report(course: Path) -> None:
    """Run one import in a fresh process and print its line."""
    answer = subprocess.run([sys.executable, __file__, "--one", course], check=True, capture_output=True, text=True)
    found = json.loads(answer.stdout)
    name = "/".join(course.parts[-2:])
    print(
        f"{name}: {found['took_s']:.2f} s ({found['read_s']:.2f} s reading, {found['cpu_s']:.2f} s of processor), "
        f"{found['lessons']} lessons ({found['lessons'] / found['took_s']:.0f}/s), "
        f"{found['assets']} files ({found['assets'] / found['took_s']:.0f}/s, {found['bytes'] / MIB:.1f} MiB), "
        f"peak {found['peak'] / MIB:.0f} MiB ({(found['peak'] - found['before']) / MIB:.0f} MiB over the start)"
    )


if __name__ == "__main__":
    main()
