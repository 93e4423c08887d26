/**
 * SES v2: mails into the outbox folder, and identities that may send.
 *
 * Not modelled: verification (an identity of the template is verified at once), DKIM, the sandbox, quotas, identity policies.
 */
import { randomUUID } from 'node:crypto';
import { arnOf } from '../arns.ts';
import { restJsonError } from '../http/answers.ts';
import { jsonBody, restJsonAnswer, unknownOperation } from '../http/json-call.ts';
import {
  AwsError,
  LOCAL_REGION,
  type LocalContext,
  type LocalPart,
  type LocalRequest,
  type LocalResponse,
  type LocalService,
  type ResourceProvider,
  type ServiceCall,
} from '../service.ts';
import { type Properties, text } from '../template-values.ts';
import { storeMail } from './outbox.ts';
import { isRaw, messageOf, recipientsOf, senderOf, statedSender } from './send-email.ts';

const SEND_PATH = '/v2/email/outbound-emails';
const ACCOUNT_PATH = '/v2/email/account';

const identityArn = (identity: string): string => arnOf('ses', `identity/${identity}`);
const domainOf = (address: string): string => address.slice(address.lastIndexOf('@') + 1);

/** The identity that vouches for an address: the address itself, or its domain. */
const identityFor = (identities: ReadonlySet<string>, address: string): string | undefined =>
  [address, domainOf(address)].find((identity) => identities.has(identity));

const demandVerified = (identities: ReadonlySet<string>, sender: string): void => {
  if (identities.size === 0 || identityFor(identities, sender) !== undefined) return;
  throw new AwsError(
    400,
    'MessageRejected',
    `Email address is not verified. The following identities failed the check in region ${LOCAL_REGION.toUpperCase()}: ${sender}. Add an AWS::SES::EmailIdentity for it or its domain.`,
  );
};

/** SES asks for SendRawEmail when the caller brings the whole message, also in its second API. */
const sendCall = (identities: ReadonlySet<string>, body: Properties): ServiceCall => {
  const sender = statedSender(body);
  const recipients = recipientsOf(body);
  const check = {
    action: isRaw(body) ? 'ses:SendRawEmail' : 'ses:SendEmail',
    resource: identityArn(identityFor(identities, sender) ?? sender),
    context: { 'ses:FromAddress': sender, 'ses:Recipients': recipients },
  };
  return { action: 'SendEmail', checks: [check], parameters: { from: sender, recipients: recipients.length } };
};

const identityProvider = (identities: Set<string>): ResourceProvider => ({
  type: 'AWS::SES::EmailIdentity',
  create: async ({ properties }) => {
    const identity = text(properties, 'EmailIdentity').toLowerCase();
    identities.add(identity);
    return { physicalId: identity, ref: identity, attributes: {}, properties };
  },
  delete: async ({ physicalId }) => void identities.delete(physicalId),
});

const account = {
  SendingEnabled: true,
  ProductionAccessEnabled: false,
  EnforcementStatus: 'HEALTHY',
  SendQuota: { Max24HourSend: 200, MaxSendRate: 1, SentLast24Hours: 0 },
};

export const mailService = (context: LocalContext): LocalPart => {
  const identities = new Set<string>();

  const send = async (body: Properties): Promise<LocalResponse> => {
    demandVerified(identities, await senderOf(body));
    const stored = await storeMail(context.stateFolder, await messageOf(body, new Date(context.clock.now())));
    const messageId = randomUUID();
    context.recorder.write({
      kind: 'mail',
      messageId,
      subject: stored.subject,
      eml: stored.emlFile,
      html: stored.htmlFile ?? null,
    });
    return restJsonAnswer({ MessageId: messageId });
  };

  const is = (request: LocalRequest, method: string, path: string): boolean =>
    request.method === method && request.path === path;

  const service: LocalService = {
    signingNames: ['ses'],
    understand: (request) => {
      if (is(request, 'POST', SEND_PATH)) return sendCall(identities, jsonBody(request));
      if (!is(request, 'GET', ACCOUNT_PATH)) throw unknownOperation('SES', `${request.method} ${request.path}`);
      return {
        action: 'GetAccount',
        checks: [{ action: 'ses:GetAccount', resource: '*', context: {} }],
        parameters: {},
      };
    },
    handle: async (request) => (request.path === SEND_PATH ? send(jsonBody(request)) : restJsonAnswer(account)),
    error: restJsonError,
  };
  return { services: [service], providers: [identityProvider(identities)] };
};
