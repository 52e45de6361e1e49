export default {
  // The fixture is part of this package and imports it by its name.
  turbopack: { root: new URL('../../..', import.meta.url).pathname },
};
