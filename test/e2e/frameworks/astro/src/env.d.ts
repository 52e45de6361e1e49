declare namespace App {
  interface Locals {
    identity: import('pomerium-edge').Identity | undefined;
  }
}
