import { App, CfnOutput, CfnParameter, Stack } from 'aws-cdk-lib/core';
import { McpFusebox } from '../../lib/constructs/mcp-fusebox.ts';

const app = new App();
const stack = new Stack(app, 'Search');
const host = new CfnParameter(stack, 'SearchHost', { default: 'search.example.com' });

const fusebox = new McpFusebox(stack, 'Fusebox', {
  config: {
    mcpServers: {
      search: {
        type: 'http',
        url: 'https://${env:SEARCH_HOST}/mcp',
        auth: { type: 'bearer', secret: 'search-token' },
      },
    },
  },
  environment: { SEARCH_HOST: host.valueAsString },
});
new CfnOutput(stack, 'FuseboxUrl', { value: fusebox.url });
