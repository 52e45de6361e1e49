import type { PomeriumError } from './errors.ts';
import type { AssertionRefused, AssertionVerified, EventRequest, EventSubject } from './events.ts';
import type { MaybeAnonymous, RouteName } from './identity.ts';
import type { VerificationKey } from './keys/key-set.ts';

/** What the events of a verification say beside its outcome, as its `VerifyContext` asks. */
interface Telling {
  readonly eventRequest?: EventRequest | undefined;
  readonly logSubject?: boolean | undefined;
}

interface Verified {
  readonly key: VerificationKey;
  readonly cached: boolean;
  readonly identity: MaybeAnonymous;
  readonly route: RouteName | undefined;
}

export function verifiedEvent(
  subject: EventSubject,
  { key: { keyId, algorithm }, cached, identity, route }: Verified,
  { eventRequest, logSubject }: Telling,
): AssertionVerified {
  return {
    type: 'assertion_verified',
    subject,
    keyId,
    algorithm,
    cached,
    ...(eventRequest && { request: eventRequest }),
    ...(logSubject && { user: identity.subject }),
    ...(route && { route: route.name ?? route.from }),
  };
}

/** `denied`: whom a policy or a route refused. */
export function refusedEvent(
  subject: EventSubject,
  { error, denied }: { readonly error: PomeriumError; readonly denied: MaybeAnonymous | undefined },
  { eventRequest, logSubject }: Telling,
): AssertionRefused {
  const { code, status, message, expected, received } = error;
  return {
    type: 'assertion_refused',
    subject,
    code,
    status,
    message,
    expected,
    received,
    ...(eventRequest && { request: eventRequest }),
    ...(logSubject && denied && { user: denied.subject }),
  };
}
