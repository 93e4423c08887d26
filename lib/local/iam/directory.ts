/**
 * The account's roles, managed policies and instance profiles, as the template made them.
 *
 * What it does not model: users and groups, AWS's own managed policies except the few listed.
 */
import { AwsError, type LocalRole, type PolicyDocument } from '../service.ts';
import { AWS_MANAGED_POLICIES } from './aws-managed-policies.ts';

export interface StoredRole extends LocalRole {
  /** By policy name: those of the role itself, and those that AWS::IAM::Policy attached. */
  readonly inlinePolicies: Map<string, PolicyDocument>;
  readonly managedPolicyArns: readonly string[];
}

export class IamDirectory {
  /** Role names by the profile's name. */
  readonly instanceProfiles: Map<string, string> = new Map();
  readonly #managedPolicies = new Map<string, PolicyDocument>();
  readonly #roles = new Map<string, StoredRole>();
  /** Asked for on every request, so kept until something about any role changes. */
  readonly #policies = new Map<string, readonly PolicyDocument[]>();

  role(roleName: string): StoredRole | undefined {
    return this.#roles.get(roleName);
  }

  putRole(role: StoredRole): void {
    this.#roles.set(role.roleName, role);
    this.#policies.clear();
  }

  removeRole(roleName: string): void {
    this.#roles.delete(roleName);
    this.#policies.clear();
  }

  /** Throws AwsError `NoSuchEntity`. */
  attachPolicy(roleName: string, policyName: string, document: PolicyDocument): void {
    const role = this.#roles.get(roleName);
    if (role === undefined) throw new AwsError(404, 'NoSuchEntity', `The role with name ${roleName} cannot be found.`);
    role.inlinePolicies.set(policyName, document);
    this.#policies.clear();
  }

  detachPolicy(roleName: string, policyName: string): void {
    this.#roles.get(roleName)?.inlinePolicies.delete(policyName);
    this.#policies.clear();
  }

  /** Every policy that speaks for a role; none for an unknown role, which may then do nothing. */
  policiesOf(roleName: string): readonly PolicyDocument[] {
    const known = this.#policies.get(roleName) ?? this.#collectPolicies(roleName);
    this.#policies.set(roleName, known);
    return known;
  }

  #collectPolicies(roleName: string): readonly PolicyDocument[] {
    const role = this.#roles.get(roleName);
    if (role === undefined) return [];
    return [...role.inlinePolicies.values(), ...role.managedPolicyArns.map((arn) => this.managedPolicy(arn))];
  }

  putManagedPolicy(arn: string, document: PolicyDocument): void {
    this.#managedPolicies.set(arn, document);
    this.#policies.clear();
  }

  removeManagedPolicy(arn: string): void {
    this.#managedPolicies.delete(arn);
    this.#policies.clear();
  }

  /** Throws AwsError `NoSuchEntity` for a managed policy nobody defined. */
  managedPolicy(arn: string): PolicyDocument {
    const document = this.#managedPolicies.get(arn) ?? AWS_MANAGED_POLICIES[arn];
    if (document !== undefined) return document;
    const known = Object.keys(AWS_MANAGED_POLICIES).join(', ');
    throw new AwsError(
      404,
      'NoSuchEntity',
      `Managed policy ${arn} is not known to the local cloud; write it inline, or use one of ${known}.`,
    );
  }

  profileRole(nameOrArn: string): LocalRole | undefined {
    const name = nameOrArn.split('/').at(-1) ?? nameOrArn;
    const roleName = this.instanceProfiles.get(name);
    return roleName === undefined ? undefined : this.#roles.get(roleName);
  }
}
