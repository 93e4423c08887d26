import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createTransport } from 'nodemailer';
import { describe, expect, it } from 'vitest';
import { mailService } from '../../../lib/local/mail/mail-service.ts';
import { slugOf } from '../../../lib/local/mail/outbox.ts';
import { call, jsonOf, provision, requestOf, testContext } from '../support/local-context.ts';

const PATH = '/v2/email/outbound-emails';

const open = () => {
  const context = testContext();
  const mail = mailService(context);
  const send = (body: unknown) => call(mail.services[0], { path: PATH, body: JSON.stringify(body) });
  const outbox = () => readdirSync(join(context.stateFolder, 'outbox')).toSorted();
  const stored = (file: string) => readFileSync(join(context.stateFolder, 'outbox', file), 'utf8');
  return { context, mail, send, outbox, stored };
};

const rawMail = async (subject: string): Promise<Buffer> => {
  const transport = createTransport({ streamTransport: true, buffer: true });
  const { message } = await transport.sendMail({
    from: 'Spothop <reports@example.com>',
    to: 'team@example.org',
    subject,
    text: 'You saved 12.34 USD.',
    html: '<h1>You saved 12.34 USD – that’s 68 %</h1><img src="cid:chart"/>',
    attachments: [{ filename: 'chart.png', content: Buffer.from([137, 80, 78, 71]), cid: 'chart' }],
  });
  return message as Buffer;
};

const raw = async (subject: string) => ({
  Destination: { ToAddresses: ['team@example.org'] },
  Content: { Raw: { Data: (await rawMail(subject)).toString('base64') } },
});

const simple = {
  FromEmailAddress: 'reports@example.com',
  Destination: { ToAddresses: ['team@example.org'], CcAddresses: ['boss@example.org'] },
  Content: {
    Simple: { Subject: { Data: 'Wöchentlich' }, Body: { Text: { Data: 'plain' }, Html: { Data: '<p>ähem</p>' } } },
  },
};

describe('a mail that is sent', () => {
  it('raw, lies in the outbox byte for byte, with its HTML part ready for a browser', async () => {
    const { send, outbox, stored } = open();
    const body = await raw('Spothop: week 47, saved 68 %');
    expect(jsonOf(await send(body))).toEqual({ MessageId: expect.any(String) });
    expect(outbox()).toEqual(['1-spothop-week-47-saved-68.eml', '1-spothop-week-47-saved-68.html']);
    expect(stored('1-spothop-week-47-saved-68.eml')).toBe(
      Buffer.from(body.Content.Raw.Data, 'base64').toString('utf8'),
    );
    const html = stored('1-spothop-week-47-saved-68.html');
    expect(html).toContain('<h1>You saved 12.34 USD – that’s 68 %</h1>');
    expect(html).toContain('src="data:image/png;base64,iVBORw=="');
  });

  it('simple, is composed', async () => {
    const { send, stored } = open();
    await send(simple);
    expect(stored('1-wochentlich.html')).toContain('<p>ähem</p>');
    const message = stored('1-wochentlich.eml');
    expect(message).toMatch(/^From: reports@example\.com\r$/m);
    expect(message).toMatch(/^Cc: boss@example\.org\r$/m);
    expect(message).toContain('plain');
  });

  it('is numbered after those that were there', async () => {
    const { send, outbox } = open();
    await send(await raw('One'));
    await send(await raw('One'));
    expect(outbox()).toEqual(['1-one.eml', '1-one.html', '2-one.eml', '2-one.html']);
  });

  it('is refused without content', async () => {
    const { send } = open();
    await expect(send({ ...simple, Content: { Template: {} } })).rejects.toThrow(/Content.Raw and Content.Simple/);
  });
});

describe('identities', () => {
  it('none in the template: anybody may send', async () => {
    const { send } = open();
    expect((await send(simple)).status).toBe(200);
  });

  it.each(['reports@example.com', 'example.com', 'Example.COM'])('%s lets its sender send', async (EmailIdentity) => {
    const { send, mail } = open();
    await provision(mail.providers, 'AWS::SES::EmailIdentity', 'Identity', { EmailIdentity });
    expect((await send(simple)).status).toBe(200);
    expect((await send(await raw('raw'))).status).toBe(200);
  });

  it('another one refuses the sender, named in the request or only in the header', async () => {
    const { send, mail } = open();
    await provision(mail.providers, 'AWS::SES::EmailIdentity', 'Identity', { EmailIdentity: 'other.com' });
    await expect(send(simple)).rejects.toThrow(/Email address is not verified.*reports@example\.com/);
    await expect(send(await raw('raw'))).rejects.toThrow(/Email address is not verified/);
  });
});

describe('the permission a mail needs', () => {
  const checksOf = async (body: unknown, identity?: string) => {
    const { mail } = open();
    if (identity !== undefined)
      await provision(mail.providers, 'AWS::SES::EmailIdentity', 'I', { EmailIdentity: identity });
    return mail.services[0]?.understand(requestOf({ path: PATH, body: JSON.stringify(body) })).checks;
  };

  it('is SendEmail on the identity that vouches for the sender', async () => {
    expect(await checksOf(simple, 'example.com')).toEqual([
      {
        action: 'ses:SendEmail',
        resource: 'arn:aws:ses:us-east-1:000000000000:identity/example.com',
        context: {
          'ses:FromAddress': 'reports@example.com',
          'ses:Recipients': ['team@example.org', 'boss@example.org'],
        },
      },
    ]);
  });

  it('is SendRawEmail when the whole message is given, with the sender from its header', async () => {
    expect(await checksOf(await raw('x'))).toMatchObject([
      { action: 'ses:SendRawEmail', resource: 'arn:aws:ses:us-east-1:000000000000:identity/reports@example.com' },
    ]);
  });
});

describe('a subject as a file name', () => {
  it.each([
    ['Spothop: week 47', 'spothop-week-47'],
    ['../../etc/passwd', 'etc-passwd'],
    ['Größe – ändern', 'gro-e-andern'],
    ['', 'no-subject'],
    ['日本', 'no-subject'],
    ['x'.repeat(300), 'x'.repeat(60)],
  ])('%s', (subject, slug) => expect(slugOf(subject)).toBe(slug));
});
