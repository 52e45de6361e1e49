import type { Identity } from 'pomerium-edge';
import { createContext } from 'react-router';

export const identityContext = createContext<Identity | undefined>();
