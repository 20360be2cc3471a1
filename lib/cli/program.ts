/** The command line: every command, its options and an example. A command's code is loaded when it runs, so that help is quick. */
import { Argument, Command, Option } from 'commander';
import { ABLATION_NAMES, describeAblation } from '../simulation/ablations.ts';
import { PARAMETERS } from '../simulation/parameters.ts';
import { RIVALS } from '../simulation/rivals/index.ts';
import { SCENARIOS } from '../simulation/scenario.ts';
import {
  apiCommand,
  collect,
  collectOneOf,
  command,
  DEFAULT_PORT,
  durationSeconds,
  portNumber,
  wholeNumber,
} from './command-parts.ts';
import type { ExitCode } from './failure.ts';

const MAX_SEED = 2 ** 31 - 1;

/** @param onExitCode is told how the command ended */
export function createProgram(version: string, onExitCode: (code: ExitCode) => void): Command {
  const program = new Command('fusebox')
    .description('Call tools of remote MCP servers through mcp-fusebox: an answer, or a clear, quick, typed "no".')
    .version(version)
    .exitOverride()
    .showHelpAfterError('(add --help for the options and an example)')
    .addHelpText('after', '\nExit codes: 0 yes, 1 no, 2 misuse. Colour only on a terminal, never with NO_COLOR.');
  const done = (run: Promise<ExitCode>): Promise<void> => run.then(onExitCode);
  addFileCommands(program, done);
  addApiCommands(program, done);
  addOperatorCommands(program, done);
  addDoctor(program, done);
  addSecrets(program, done);
  addCache(program, done);
  addData(program, done);
  addDev(program, done);
  addSimulate(program, done);
  return program;
}

type Done = (run: Promise<ExitCode>) => Promise<void>;

function addFileCommands(program: Command, done: Done): void {
  command(program, 'init', 'write a fusebox.json to begin with', 'fusebox init')
    .option('--force', 'overwrite an existing file')
    .action(async (options) => done((await import('./init.ts')).init(options)));

  command(program, 'validate', 'check a configuration: all faults at once', 'fusebox validate fusebox.json --deploy')
    .argument('[file]', 'default: the file that a start here would use')
    .option('--deploy', 'also check what only a deployment asks for')
    .action(async (file, options) => done((await import('./validate.ts')).validate(file, options)));

  command(
    program,
    'import',
    'turn the file of another MCP client into a fusebox.json',
    'fusebox import ~/.cursor/mcp.json --out fusebox.json',
  )
    .argument('<file>')
    .option('--out <file>', 'write the result there instead of to stdout')
    .option('--force', 'overwrite an existing --out file')
    .option('--unwrap', 'turn `mcp-remote` wrappers into the remote servers behind them')
    .action(async (file, options) => done((await import('./import.ts')).importFile(file, options)));
}

function addApiCommands(program: Command, done: Done): void {
  apiCommand(program, 'servers', 'list the servers', 'fusebox servers').action(async (options) =>
    done((await import('./servers.ts')).servers(options)),
  );

  apiCommand(program, 'tools', 'list the tools of a server', 'fusebox tools everything')
    .argument('<server>')
    .action(async (server, options) => done((await import('./tools.ts')).tools(server, options)));

  apiCommand(
    program,
    'approve',
    'print the digests of tools that you have looked at, for approvedTools',
    'fusebox approve everything get-sum --write',
  )
    .argument('<server>')
    .argument('[tool...]', 'default: all that the server has')
    .option('--write [file]', 'put them into the configuration (default: fusebox.json) instead')
    .action(async (server, names, options) => done((await import('./approve.ts')).approve(server, names, options)));

  apiCommand(program, 'call', 'call a tool', 'fusebox call everything get-sum a=2 b=40')
    .argument('<server>')
    .argument('<tool>')
    .addArgument(new Argument('[key=value...]', "arguments, typed by the tool's schema; key:=JSON for JSON"))
    .option('--args <json>', 'all arguments: JSON, @FILE, or - for stdin')
    .addOption(new Option('--timeout <ms>', 'answer within this many milliseconds').argParser(wholeNumber(1)))
    .action(async (server, tool, words, options) =>
      done((await import('./call.ts')).call({ server, tool, words }, options)),
    );
}

function addOperatorCommands(program: Command, done: Done): void {
  apiCommand(program, 'status', 'show the circuit of each server', 'fusebox status --watch')
    .addOption(
      new Option('--watch [seconds]', 'look again that often, until Ctrl-C (default: 2)').argParser(
        wholeNumber(1, 3_600),
      ),
    )
    .action(async (options) => done((await import('./status.ts')).status(options)));

  const circuit = program
    .command('circuit')
    .description('look at the circuit of a server, or override it')
    .addHelpText('after', `\nExample:\n  ${CIRCUIT_EXAMPLE}`);

  apiCommand(circuit, 'show', 'show a circuit and its history', 'fusebox circuit show everything')
    .argument('<server>')
    .addOption(toolOption())
    .action(async (server, options) => done((await import('./circuit.ts')).show(server, options)));

  const order = (name: 'isolate' | 'close' | 'auto', description: string, example: string): Command =>
    apiCommand(circuit, name, description, example)
      .argument('<server>')
      .addOption(toolOption())
      .requiredOption('--reason <text>', 'why; it is kept with your name, and shown')
      .action(async (server, options) => done((await import('./circuit.ts')).order(name, server, options)));
  order('isolate', 'let no call pass, for a time', CIRCUIT_EXAMPLE).addOption(forOption());
  const closeExample = "fusebox circuit close everything --for 1h --reason 'it fails for one tenant only'";
  order('close', 'let every call pass, whatever happens, for a time', closeExample).addOption(forOption());
  order('auto', 'take an override back', "fusebox circuit auto everything --reason 'the vendor is back'");
}

function addCache(program: Command, done: Done): void {
  const cache = program
    .command('cache')
    .description('throw stored answers away')
    .addHelpText('after', '\nExample:\n  fusebox cache clear search find');
  apiCommand(
    cache,
    'clear',
    'use the stored answers of a server, or of one tool, no more; operators only',
    'fusebox cache clear search',
  )
    .argument('<server>')
    .argument('[tool]', 'default: all')
    .action(async (server, tool, options) => done((await import('./cache.ts')).clear(server, tool, options)));
}

const CIRCUIT_EXAMPLE = "fusebox circuit isolate everything --for 10m --reason 'the vendor is down'";

const toolOption = (): Option =>
  new Option('--tool <tool>', 'where each tool has its circuit (circuitBreaker.scope): which');

const forOption = (): Option =>
  new Option('--for <duration>', 'such as 30s, 10m, 2h; at most 24h (default: 10m)').argParser(durationSeconds);

function addDoctor(program: Command, done: Done): void {
  apiCommand(
    program,
    'doctor',
    'go through the production checklist: of a configuration, of a deployed stack, of the way to each server',
    'fusebox doctor --config fusebox.json --stack --junit doctor.xml',
  )
    .argument('[server...]', 'default: all')
    .option('--config <file>', 'default: the file that `fusebox validate` finds')
    .addOption(
      new Option('--env <name>', "a variable that the construct's `environment` has; may be repeated").argParser(
        collect,
      ),
    )
    .option('--stack [name]', 'look at the deployed stack too; default: Fusebox-<stage> of the configuration')
    .option('--region <region>', "the stack's; default: deploy.region, else that of the AWS CLI")
    .option(
      '--from-function',
      'instead: address, DNS, network, TLS, credential and protocol, as the functions meet them',
    )
    .option('--strict', 'warnings count as failures')
    .option('--junit <file>', 'write JUnit XML for a pipeline; - for stdout, without the text')
    .addHelpText(
      'after',
      '  fusebox doctor --strict\n  fusebox doctor --from-function search\n\n0: nothing fails. 1: something does.',
    )
    .action(async (names, options) => done((await import('./doctor/doctor.ts')).doctor(names, options)));
}

function addSecrets(program: Command, done: Done): void {
  const secrets = program
    .command('secrets')
    .description('keep the tokens of servers, here and in AWS Secrets Manager')
    .addHelpText(
      'after',
      '\nValues come from a prompt or from stdin, never from an argument.\n\nExample:\n  printf %s "$TOKEN" | fusebox secrets set search-token',
    );
  const add = (name: string, description: string, example: string): Command =>
    command(secrets, name, description, example)
      .option('--config <file>', 'default: the file that `fusebox validate` finds')
      .option('--file <file>', 'the encrypted file; default: .fusebox/secrets.json');
  add('set', 'store a value on this machine, encrypted', 'fusebox secrets set search-token')
    .argument('<name>', "the server's auth.secret")
    // Commander's own refusal would show them.
    .allowExcessArguments()
    .action(async (name, options, { args }) => done((await import('./secrets.ts')).set(name, options, args)));
  add('list', 'show which secrets there are, who uses them, and which are missing', 'fusebox secrets list').action(
    async (options) => done((await import('./secrets.ts')).list(options)),
  );
  add('encrypt', 'print a value encrypted, for a variable MCP_TOKEN_<SERVER>', 'fusebox secrets encrypt search-token')
    .argument('<name>', "the server's auth.secret; under another name it does not decrypt")
    .allowExcessArguments()
    .action(async (name, options, { args }) => done((await import('./secrets.ts')).encrypt(name, options, args)));
  const stack = ['--stack <name>', 'default: Fusebox-<stage> of the configuration'] as const;
  add('rotate', 'rotate a secret now, in the local run or in AWS', 'fusebox secrets rotate search-token --aws')
    .argument('<name>', "the server's auth.secret")
    .option('--aws', 'the deployed secret; default: that of the local run')
    .option(...stack)
    .action(async (name, options) => done((await import('./secrets-remote.ts')).rotate(name, options)));
  add('push', 'send values of this machine to AWS Secrets Manager', 'fusebox secrets push --stack Fusebox-prod')
    .argument('[name...]', 'default: all that the configuration needs')
    .option(...stack)
    .option('--create', 'create secrets that do not exist')
    .option('--yes', 'do not ask')
    .action(async (names, options) => done((await import('./secrets-remote.ts')).push(names, options)));
}

function addData(program: Command, done: Done): void {
  const example = 'fusebox data delete --principal role:agents-search';
  const data = program
    .command('data')
    .description('delete what is stored for somebody')
    .addHelpText('after', `\nExample:\n  ${example}`);
  apiCommand(data, 'delete', 'delete the stored results of a principal; operators only', example)
    .requiredOption('--principal <principal>', 'as the log names it: role:NAME, user:NAME or jwt:SUBJECT')
    .action(async (options) => done((await import('./data.ts')).deleteData(options)));
}

function addDev(program: Command, done: Done): void {
  command(program, 'dev', 'run everything on this machine, as `npm start` does', 'fusebox dev --port 0')
    .addOption(new Option('--port <number>', '0: any free one').env('PORT').default(DEFAULT_PORT).argParser(portNumber))
    .option('--config <file>', 'default: the file that `fusebox validate` finds')
    .option('--data <dir>', 'keep state there; default: in memory')
    .addOption(
      new Option('--max-environments <number>', 'environments of one function at once').argParser(wholeNumber(1)),
    )
    .option('--verbose', 'show what the functions log')
    .action(async (options) => done((await import('./dev.ts')).dev(options)));
}

function addSimulate(program: Command, done: Done): void {
  command(
    program,
    'simulate',
    'run the shipped circuit breaker, and others, through the same troubles in virtual time',
    'fusebox simulate hang --seeds 5 --plot hang.svg',
  )
    .addArgument(
      new Argument('[scenario...]', 'default: all but noise, which takes minutes').choices(
        SCENARIOS.map(({ name }) => name),
      ),
    )
    .addOption(new Option('--seed <number>', 'the first seed').default(1).argParser(wholeNumber(0, MAX_SEED)))
    .addOption(new Option('--seeds <number>', 'medians of so many seeds').default(1).argParser(wholeNumber(1, 1_000)))
    .addOption(
      new Option('--idle <number>', 'environments that have idled for long when it begins')
        .default(0)
        .argParser(wholeNumber(0, PARAMETERS.maxEnvironments)),
    )
    .addOption(
      new Option('--clock-skew <ms>', 'clocks of environments are off by up to this')
        .default(0)
        .argParser(wholeNumber(0, 60_000)),
    )
    .addOption(
      new Option('--algorithm <name>', 'only this one; may be repeated').argParser(
        collectOneOf(['ours', ...RIVALS.map(({ name }) => name)]),
      ),
    )
    .addOption(
      new Option('--without <rule>', 'ours without a rule, beside ours; may be repeated').argParser(
        collectOneOf(ABLATION_NAMES),
      ),
    )
    .option('--plot <file>', 'draw calls, failures and rejections over time, as SVG')
    .addHelpText('after', simulateHelp)
    .action(async (scenarios, options) => done((await import('./simulate.ts')).simulate(scenarios, options)));
}

function simulateHelp(): string {
  const list = (title: string, items: readonly (readonly [name: string, summary: string])[]) =>
    `\n${title}:\n${items.map(([name, summary]) => `  ${name.padEnd(20)} ${summary}`).join('\n')}`;
  return [
    list(
      'Scenarios',
      SCENARIOS.map(({ name, summary }) => [name, summary]),
    ),
    list(
      'Algorithms, beside ours',
      RIVALS.map(({ name, summary }) => [name, summary]),
    ),
    list(
      'Rules, and what happens without them',
      ABLATION_NAMES.map((name) => [name, describeAblation(name)]),
    ),
  ].join('\n');
}
