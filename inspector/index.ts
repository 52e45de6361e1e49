/**
 * A local page that explains an assertion, to mount in an app in development.
 *
 * @module pomerium-edge/inspector
 */
export { createInspector, type InspectorOptions } from './inspector.ts';
