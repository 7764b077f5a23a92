"""The statements of the first frame: those of ``queries``, written out by tests/desktop/make_sight.py."""

LEARNER = """
SELECT users.uid, users.name, users.email FROM users
"""
PROFILE = """
SELECT profile.id, profile.server_id, profile.url, profile.server_name, profile.public_key, profile.epoch,
profile.after_catalog, profile.after_me, profile.settled_catalog, profile.settled_me, profile.count,
profile.sum, profile.acknowledged, profile.last_sync_at, profile.pull_all, profile.needs_sign_in FROM profile
"""
MY_COURSES = """
SELECT courses.id, courses.uid, courses.title, courses.slug, courses.level, courses.summary, courses.language,
courses.direction, courses.cover, courses.version, courses.license, courses.authors, courses.is_published,
courses.deleted_at, courses.revision, courses.is_hidden, courses.is_marked, courses.is_published = 1 AND
courses.deleted_at IS NULL AND courses.is_hidden = 0 AS is_open, enrollments.enrolled_at, certificates.uuid AS
certificate, certificates.issued_at, coalesce(anon_1.lessons, 0) AS lessons, coalesce(anon_1.completed, 0) AS
completed, coalesce(anon_1.bytes_total, 0) AS bytes_total, coalesce(anon_1.bytes_here, 0) AS bytes_here,
coalesce(anon_1.has_preview, 0) AS has_preview FROM courses LEFT OUTER JOIN enrollments ON
enrollments.course_id = courses.id AND enrollments.user_id = 1 LEFT OUTER JOIN certificates ON
certificates.course_id = courses.id AND certificates.user_id = 1 LEFT OUTER JOIN (SELECT lessons.course_id AS
course_id, count(*) AS lessons, count(lesson_progress.completed_at) AS completed, sum(lessons.bytes) AS
bytes_total, sum(CASE WHEN lessons.is_here THEN lessons.bytes ELSE 0 END) AS bytes_here,
max(lessons.is_free_preview) AS has_preview, max(coalesce(lesson_progress.completed_at,
lesson_progress.started_at)) AS touched FROM lessons LEFT OUTER JOIN lesson_progress ON
lesson_progress.lesson_id = lessons.id AND lesson_progress.user_id = 1 WHERE lessons.deleted_at IS NULL AND
lessons.is_hidden = 0 GROUP BY lessons.course_id) AS anon_1 ON anon_1.course_id = courses.id WHERE
enrollments.id IS NOT NULL AND courses.uid != '00000000-0000-0000-0000-000000000000' ORDER BY
coalesce(anon_1.touched, enrollments.enrolled_at) DESC
"""
OUTLINE = """
SELECT lessons.uid, lessons.title, lessons.section, lessons.minutes, lessons.is_free_preview, lessons.is_here,
lesson_progress.started_at, lesson_progress.completed_at FROM lessons LEFT OUTER JOIN lesson_progress ON
lesson_progress.lesson_id = lessons.id AND lesson_progress.user_id = 1 WHERE lessons.course_id = :course AND
(lessons.deleted_at IS NULL AND lessons.is_hidden = 0 OR lessons.uid = '') ORDER BY lessons."order",
lessons.id
"""
DOWNLOADS = """
SELECT downloads.course_uid, downloads.state, downloads.reason, downloads.asked_at, downloads.bytes_done FROM
downloads
"""
CERTIFICATE_COUNT = """
SELECT count(*) AS count_1 FROM certificates
"""
ANY_COURSE = """
SELECT courses.id FROM courses WHERE courses.is_hidden = 0 LIMIT 1 OFFSET 0
"""
COUNTS = """
SELECT outbox.state, count(*) AS count_1 FROM outbox GROUP BY outbox.state
"""
