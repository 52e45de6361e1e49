import * as build from 'virtual:react-router/server-build';
import { createRequestHandler } from '@react-router/express';
import type {} from 'pomerium-edge/node'; // declares req.identity
import { RouterContextProvider, type ServerBuild } from 'react-router';
import { identityContext } from '../app/identity';

export * from 'virtual:react-router/server-build'; // for prerendering
export const handler = createRequestHandler({
  build: build as ServerBuild,
  getLoadContext: (req) => new RouterContextProvider(new Map([[identityContext, req.identity]])),
});
