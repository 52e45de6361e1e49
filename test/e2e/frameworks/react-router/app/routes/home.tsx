import { identityContext } from '../identity';
import type { Route } from './+types/home';

export function loader({ context }: Route.LoaderArgs) {
  return { email: context.get(identityContext)?.email };
}

export const action = () => null;

export default function Home({ loaderData }: Route.ComponentProps) {
  return <h1>Hello {loaderData.email}</h1>;
}
