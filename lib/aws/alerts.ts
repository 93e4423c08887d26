import { PublishCommand, type SNSClient } from '@aws-sdk/client-sns';
import type { Alerts } from '../ports/alerts.ts';

export interface Topic {
  readonly client: SNSClient;
  readonly topicArn: string;
}

/** SNS takes a subject of 1 to 99 printable ASCII characters that does not begin with a blank (API page Publish). */
const SUBJECT_CHARACTERS_MAX = 99;

const asSubject = (subject: string): string =>
  subject
    .replace(/[^\x20-\x7e]+/g, ' ')
    .trim()
    .slice(0, SUBJECT_CHARACTERS_MAX) || 'Spothop';

export const snsAlerts = ({ client, topicArn }: Topic): Alerts => ({
  publish: async (subject, message) => {
    await client.send(new PublishCommand({ TopicArn: topicArn, Subject: asSubject(subject), Message: message }));
  },
});
