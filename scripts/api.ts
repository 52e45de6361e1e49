import { rmSync, writeFileSync } from 'node:fs';
import { apiReports, committedReports, reportPath } from './api-reports.ts';

/** Writes api/: the public surface as it is now, for a review to see what changes. */
const current = apiReports();
for (const name of committedReports().keys()) if (!current.has(name)) rmSync(reportPath(name));
for (const [name, text] of current) writeFileSync(reportPath(name), text);
