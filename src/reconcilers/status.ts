/** What statuses of all kinds have in common. */

/** A condition as it may stand in an object: older writers leave fields out. */
export interface StoredCondition {
  type: string;
  status: string;
  reason?: string;
  message?: string;
  lastTransitionTime?: string;
  observedGeneration?: number;
}
