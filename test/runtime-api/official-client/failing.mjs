// Cannot be loaded: INIT fails.
throw new TypeError('no database here');
