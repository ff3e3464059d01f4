-- 0002_jobs_worker
--   add column jobs.worker (instant)

ALTER TABLE jobs ADD COLUMN worker TEXT /* Who does it. */;
