/** Where requireIdentity() finds nobody: whoever comes here went around the gate. */
export default function Unauthorized() {
  return (
    <>
      <h1>Please sign in</h1>
      <p>Open this site at its usual address, where Pomerium signs you in.</p>
    </>
  );
}
