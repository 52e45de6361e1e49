import type { Identity } from 'pomerium-edge';

declare global {
  namespace App {
    interface Locals {
      identity: Identity | undefined;
    }
  }
}
