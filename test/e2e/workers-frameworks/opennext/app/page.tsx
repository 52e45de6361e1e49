import Link from 'next/link';
import { requireIdentity } from 'pomerium-edge/next';

export default async function Home() {
  const identity = await requireIdentity();
  return (
    <h1>
      Hello {identity.email} <Link href="/about">About us</Link>
    </h1>
  );
}
