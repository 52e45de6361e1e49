export default function Forbidden() {
  return (
    <>
      <h1>No access</h1>
      <p>You are signed in, but this page is not for you.</p>
    </>
  );
}
