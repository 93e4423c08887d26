export type Purchase = 'spot' | 'on-demand';

/** Instance type × zone × purchase option: what EC2 prices, grants and takes back as one. */
export interface Pool {
  readonly instanceType: string;
  readonly zone: string;
  readonly purchase: Purchase;
}

export type PoolKey = string & { readonly __id: 'PoolKey' };

export const poolKey = (pool: Pool): PoolKey => `${pool.instanceType}/${pool.zone}/${pool.purchase}` as PoolKey;
