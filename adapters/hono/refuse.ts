import { HTTPException } from 'hono/http-exception';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import type { Gate, PomeriumError } from '../../core/adapter.ts';

/** The answer of the gate to a refused request. */
export async function refuse(error: PomeriumError, gate: Gate<Request>, request: Request): Promise<HTTPException> {
  return toException(error, await gate.refuse(error, request, request));
}

/** A refusal as Hono wants it: thrown, so that `some` and `except` combine rightly. `cause` is the `PomeriumError`. */
export function toException(error: PomeriumError, res: Response): HTTPException {
  // Hono answers with the status of the exception, not with that of `res`.
  return new HTTPException(res.status as ContentfulStatusCode, { res, message: error.code, cause: error });
}
