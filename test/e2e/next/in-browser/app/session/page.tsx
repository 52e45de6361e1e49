import { requireIdentity } from 'pomerium-edge/next';
import { Session } from './session.tsx';

export default async function Page() {
  await requireIdentity();
  return <Session />;
}
