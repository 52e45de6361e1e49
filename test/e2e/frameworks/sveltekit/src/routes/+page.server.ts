import type { Actions, PageServerLoad } from './$types';

export const load: PageServerLoad = ({ locals }) => ({ email: locals.identity?.email });

export const actions: Actions = { default: () => {} };
