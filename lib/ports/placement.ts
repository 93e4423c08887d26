/** EC2's own view of how likely it can place machines; asking it is optional, and an account may be refused. */
export interface PlacementScores {
  /**
   * For each zone of the Region a score from 1 to 10 for so many machines of these types; a zone without one is absent.
   * @throws when the account may not ask, or has asked for too many different things in a day
   */
  byZone(instanceTypes: readonly string[], machines: number): Promise<ReadonlyMap<string, number>>;
}
