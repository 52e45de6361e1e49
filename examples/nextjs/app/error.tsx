'use client';

/** For all else, such as keys that cannot be had: requireIdentity() throws then, since nobody can tell who it is. */
export default function Failure({ reset }: { reset: () => void }) {
  return (
    <>
      <h1>Something went wrong</h1>
      <p>
        <button type="button" onClick={reset}>
          Try again
        </button>
      </p>
    </>
  );
}
