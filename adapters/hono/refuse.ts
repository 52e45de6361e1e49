import type { Context } from 'hono';
import { HTTPException } from 'hono/http-exception';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { PomeriumError, problemResponse } from '../../core/adapter.ts';

/** A refusal as Hono wants it: thrown, so that `some` and `except` combine rightly. `cause` is the `PomeriumError`. */
export function refusal(error: unknown, c: Context): unknown {
  if (!(error instanceof PomeriumError)) return error;
  const status = error.status as ContentfulStatusCode;
  return new HTTPException(status, { res: problemResponse(error, c.req.raw), message: error.code, cause: error });
}
