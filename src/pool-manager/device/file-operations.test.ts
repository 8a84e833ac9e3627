import { threadOperations } from './file-operations.ts';
import { fileOperationsContract } from './file-operations.contract.ts';

fileOperationsContract("Node's threads", () => threadOperations);
