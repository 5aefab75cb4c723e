/** {gas} What operations on one account cost, by the count of something in it. */
export interface Growth {
  readonly count: number;
  readonly health: number;
  readonly topUp: number;
  readonly liquidation: number;
}
