import type { Candidate } from './allocate.ts';
import type { Ec2State, FleetRecord } from './state.ts';
import type { XmlValue } from './xml.ts';

const templateAndOverrides = (state: Ec2State, fleet: FleetRecord, candidate: Candidate): XmlValue => {
  const { template, version } = fleet.request.configurations[candidate.configurationIndex]!;
  const { override } = candidate;
  return {
    launchTemplateSpecification: { launchTemplateId: state.templates.find(template)?.id ?? template, version },
    overrides: {
      instanceType: candidate.instanceType,
      maxPrice: override.maxPrice,
      subnetId: override.subnetId,
      availabilityZone: candidate.zone || override.zone,
      priority: override.priority,
    },
  };
};

export const fleetErrorItems = (state: Ec2State, fleet: FleetRecord): XmlValue =>
  fleet.refusals.map(({ candidate, purchase, refusal }) => ({
    launchTemplateAndOverrides: templateAndOverrides(state, fleet, candidate),
    lifecycle: purchase,
    errorCode: refusal.code,
    errorMessage: refusal.message,
  }));

export const fleetInstanceItems = (state: Ec2State, fleet: FleetRecord): XmlValue =>
  fleet.grants.map(({ candidate, purchase, instanceIds }) => ({
    launchTemplateAndOverrides: templateAndOverrides(state, fleet, candidate),
    lifecycle: purchase,
    instanceIds,
    instanceType: candidate.instanceType,
  }));
