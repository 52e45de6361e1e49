import { Note } from './account/note';

/** Anybody may see it, and its action asks for itself who calls. */
export default function Home() {
  return (
    <>
      <h1>Home</h1>
      <Note person={{ user: 'whoever' }} />
    </>
  );
}
