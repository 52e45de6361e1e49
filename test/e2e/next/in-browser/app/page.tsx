import { Note } from './account/note';
import { Caught } from './caught';

/** Anybody may see it, and its action asks for itself who calls. */
export default function Home() {
  return (
    <>
      <h1>Home</h1>
      <Note person={{ user: 'whoever' }} />
      <Caught />
    </>
  );
}
