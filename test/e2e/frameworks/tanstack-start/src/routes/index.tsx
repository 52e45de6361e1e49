import { createFileRoute } from '@tanstack/react-router';
import { createServerFn } from '@tanstack/react-start';

const getEmail = createServerFn().handler(({ context }) => context.identity?.email);

export const Route = createFileRoute('/')({
  loader: () => getEmail(),
  component: () => <h1>Hello {Route.useLoaderData()}</h1>,
});
