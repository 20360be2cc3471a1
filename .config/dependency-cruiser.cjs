/** Who may import whom: DESIGN.md §1, "The layout". Type-only imports count. */
const ours = '^(lib|functions|bin)/';
const only = (name, from, allowed) => ({
  name,
  severity: 'error',
  comment: `${from} may import, of ours, only ${allowed.join(', ') || 'itself'}`,
  from: { path: from },
  to: { path: ours, pathNot: [from, ...allowed] },
});

module.exports = {
  forbidden: [
    { name: 'no-cycle', severity: 'error', from: {}, to: { circular: true } },
    only('resilience-is-pure', '^lib/resilience/', []),
    only('security-is-pure', '^lib/security/', []),
    only('contract-is-constants', '^lib/contract/', []),
    // Of resilience only the options, so that their ranges and defaults are written down once.
    only('config', '^lib/config/', ['^lib/security/', '^lib/contract/', '^lib/resilience/(options|circuit-breaker/circuit)\\.ts$']),
    only('mcp', '^lib/mcp/', ['^lib/config/', '^lib/resilience/', '^lib/security/', '^lib/contract/']),
    only('middleware', '^lib/middleware/', ['^lib/mcp/', '^lib/config/', '^lib/resilience/', '^lib/security/', '^lib/contract/']),
    only('constructs', '^lib/constructs/', ['^lib/config/', '^lib/contract/']),
    only('local', '^lib/local/', ['^lib/middleware/', '^lib/mcp/', '^lib/config/', '^lib/resilience/', '^lib/security/', '^lib/contract/', '^lib/compose', '^bin/app\\.ts$']),
    only('simulation', '^lib/simulation/', ['^lib/resilience/']),
    only('cli', '^lib/cli/', ['^lib/local/', '^lib/mcp/', '^lib/config/', '^lib/contract/', '^lib/simulation/']),
    only('functions', '^functions/', ['^lib/middleware/', '^lib/mcp/', '^lib/config/', '^lib/resilience/', '^lib/security/', '^lib/contract/', '^lib/compose']),
    {
      name: 'adapters-see-ports-only',
      severity: 'error',
      from: { path: '^lib/adapters/([^/]+)/' },
      to: { path: ours, pathNot: ['^lib/adapters/$1/', '^lib/mcp/(ports|types|attempt-failure)\\.ts$', '^lib/resilience/', '^lib/security/', '^lib/contract/'] },
    },
    {
      name: 'only-compose-names-adapters',
      severity: 'error',
      from: { path: ours, pathNot: ['^lib/compose', '^lib/adapters/'] },
      to: { path: '^lib/adapters/' },
    },
    {
      name: 'nothing-imports-a-handler',
      severity: 'error',
      from: { path: '^(lib|bin)/' },
      to: { path: '^functions/' },
    },
    {
      name: 'pure-core-has-no-node',
      severity: 'error',
      from: { path: '^lib/(resilience|contract)/' },
      to: { dependencyTypes: ['core', 'npm'] },
    },
    {
      name: 'no-cdk-in-a-function',
      severity: 'error',
      from: { path: '^functions/' },
      to: { path: 'aws-cdk-lib|^lib/constructs/', reachable: true },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    parser: 'swc',
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { extensions: ['.ts', '.js', '.cjs', '.mjs', '.json'], exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
  },
};
