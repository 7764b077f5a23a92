"""What reading a course found out, as values for programs and pages."""

from typing import Any

from lms_server.content.model import CoursePackage


def package_report(package: CoursePackage) -> dict[str, Any]:
    """Slug, uid, title, counts and warnings: what ``course check`` says without any server."""
    return {
        "slug": package.slug,
        "uid": package.uid,
        "title": package.title,
        "lessons": len(package.lessons),
        "sections": package.sections,
        "assets": len(package.assets),
        "warnings": [
            {"code": remark.code.value, "where": remark.where, "text": remark.text} for remark in package.warnings
        ],
    }
