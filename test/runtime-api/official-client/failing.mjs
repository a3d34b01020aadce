// This module throws when it is loaded, so INIT fails.
throw new TypeError('no database here');
