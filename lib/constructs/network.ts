import {
  FlowLogDestination,
  GatewayVpcEndpoint,
  GatewayVpcEndpointAwsService,
  InterfaceVpcEndpoint,
  InterfaceVpcEndpointAwsService,
  IpAddresses,
  type IVpc,
  Peer,
  Port,
  SecurityGroup,
  type SubnetSelection,
  SubnetType,
  Vpc,
} from 'aws-cdk-lib/aws-ec2';
import { LogGroup, type LogGroupProps } from 'aws-cdk-lib/aws-logs';
import { Annotations, Fn } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import type { VpcConfig } from '../config/deploy-schema.ts';

export interface NetworkProps {
  /** `deploy.vpc`; undefined where `vpc` is given. */
  readonly config: VpcConfig | undefined;
  /** One that exists. */
  readonly vpc?: IVpc;
  /** Do functions invoke each other? */
  readonly invokes: boolean;
  /** How flow logs are kept. */
  readonly logs: LogGroupProps;
}

type ExistingVpcConfig = Extract<VpcConfig, { id: string }>;
type NewVpcConfig = Exclude<VpcConfig, ExistingVpcConfig>;

const HTTPS = Port.tcp(443);
const DEFAULT_CIDR = '10.0.0.0/16';
const DEFAULT_ZONES = 2;

/** Private subnets for the functions: out to port 443 and to what is named; in a VPC of ours to AWS's services by endpoints. */
export class Network extends Construct {
  readonly vpc: IVpc;
  readonly subnets: SubnetSelection;
  /** Of the functions. Nothing comes in. */
  readonly securityGroup: SecurityGroup;

  constructor(scope: Construct, id: string, props: NetworkProps) {
    super(scope, id);
    const { config = {} } = props;
    const existing = props.vpc ?? ('id' in config ? this.#existing(config) : undefined);
    this.vpc = existing ?? this.#create('id' in config ? {} : config, props.logs);
    this.subnets = { subnetType: SubnetType.PRIVATE_WITH_EGRESS };
    this.securityGroup = new SecurityGroup(this, 'Functions', {
      vpc: this.vpc,
      description: 'mcp-fusebox: functions',
      allowAllOutbound: false,
    });
    // Servers are where their owners put them: no narrower network is known.
    this.securityGroup.addEgressRule(Peer.anyIpv4(), HTTPS, 'MCP servers and AWS services, over TLS');
    for (const { cidr, port } of config.egress ?? []) {
      this.securityGroup.addEgressRule(Peer.ipv4(cidr), Port.tcp(port), 'named in deploy.vpc.egress');
    }
    // Another's VPC has those that it should have: a second one of a service takes over its private name.
    if (existing === undefined) this.#addEndpoints(props.invokes);
  }

  #existing(config: ExistingVpcConfig): IVpc {
    const vpc = Vpc.fromVpcAttributes(this, 'Vpc', {
      vpcId: config.id,
      availabilityZones: [...config.availabilityZones],
      privateSubnetIds: [...config.subnetIds],
    });
    // Their route tables are for gateway endpoints, of which none is made here.
    Annotations.of(vpc).acknowledgeWarning('@aws-cdk/aws-ec2:noSubnetRouteTableId');
    return vpc;
  }

  #create(config: NewVpcConfig, logs: LogGroupProps): IVpc {
    const { cidr = DEFAULT_CIDR, availabilityZones = DEFAULT_ZONES, natGateways = 1 } = config;
    const vpc = new Vpc(this, 'Vpc', {
      ipAddresses: IpAddresses.cidr(cidr),
      // Not `maxAzs`, which is 2 at most where the account is not known: CloudFormation knows the region's zones.
      availabilityZones: Array.from({ length: availabilityZones }, (_, zone) => Fn.select(zone, Fn.getAzs())),
      natGateways,
      // CDK closes it with a function of its own, which needs rights that nothing else here does.
      restrictDefaultSecurityGroup: false,
    });
    const logGroup = new LogGroup(this, 'FlowLogs', logs);
    vpc.addFlowLog('Flow', { destination: FlowLogDestination.toCloudWatchLogs(logGroup) });
    return vpc as IVpc;
  }

  /** AWS's services are reached without leaving the VPC. DynamoDB's endpoint is a route and costs nothing. */
  #addEndpoints(invokes: boolean): void {
    const { vpc, subnets } = this;
    new GatewayVpcEndpoint(this, 'DynamoDb', {
      vpc,
      service: GatewayVpcEndpointAwsService.DYNAMODB,
      subnets: [subnets],
    });
    const securityGroup = new SecurityGroup(this, 'Endpoints', {
      vpc,
      description: 'mcp-fusebox: endpoints of AWS services',
      allowAllOutbound: false,
    });
    securityGroup.addIngressRule(this.securityGroup, HTTPS, 'from the functions');
    const services = {
      SecretsManager: InterfaceVpcEndpointAwsService.SECRETS_MANAGER,
      Kms: InterfaceVpcEndpointAwsService.KMS,
      Logs: InterfaceVpcEndpointAwsService.CLOUDWATCH_LOGS,
      Sqs: InterfaceVpcEndpointAwsService.SQS,
      ...(invokes && { Lambda: InterfaceVpcEndpointAwsService.LAMBDA }),
    };
    for (const [id, service] of Object.entries(services)) {
      new InterfaceVpcEndpoint(this, id, { vpc, service, subnets, securityGroups: [securityGroup], open: false });
    }
  }
}
