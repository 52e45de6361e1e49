/**
 * A local page that explains an assertion, to mount in an app in development.
 *
 * @module
 */
export { createInspector, type InspectorOptions } from './inspector.ts';
