/**
 * A plugin of esbuild for programs that use node:http: they reach it by require(). An import statement
 * evaluates every getter of the module, and the getter of WebSocket loads undici and node:tls, which takes as
 * much CPU as the start of Node.js itself. The bundle must define `require`.
 */
export const httpByRequire = {
  name: 'http-by-require',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^(node:)?http$/ }, ({ kind }) =>
      kind === 'require-call' ? undefined : { path: 'http', namespace: 'by-require' },
    );
    onLoad({ filter: /^http$/, namespace: 'by-require' }, () => ({
      contents: "module.exports = require('node:http');",
    }));
  },
};
