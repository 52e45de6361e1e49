'use server';

import { requireIdentity } from 'pomerium-edge/next';

export interface SavedNote {
  note: string;
  by: string;
}

/** A server action can be called by anybody who knows its id: it asks for itself who calls. */
export async function saveNote(_before: SavedNote | undefined, form: FormData): Promise<SavedNote> {
  const { email, user } = await requireIdentity();
  return { note: String(form.get('note')), by: email ?? user };
}
