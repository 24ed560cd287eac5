/** Attack by marks on a mesh that stands: `node scripts/e2e/hostile-marks.ts <mesh.yaml>`. */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ApiException, KubeConfig, type KubernetesObject } from '@kubernetes/client-node';
import { writeFile } from 'node:fs/promises';
import { testScope } from '../../harness/mesh/apply.ts';
import { attach, type Mesh, type MeshCluster } from '../../harness/mesh/attach.ts';
import {
  applyAll,
  deleteIfThere,
  openClusterApi,
  type ClusterApi,
} from '../../harness/mesh/cluster-api.ts';
import { loadMeshFile } from '../../harness/mesh/load.ts';
import { signed, type MarkKind, type MarkedObject } from '../../harness/mesh/mark-signature.ts';
import { stateFolder } from '../../harness/mesh/state.ts';
import { hostileLeftovers, type Leftover, type Places } from '../../harness/chaos/marks/hostile-sample.ts';
import { keepObjects } from '../../harness/chaos/objects/kept-objects.ts';
import { asWritten } from '../../harness/chaos/objects/comparison.ts';
import { mark } from '../../harness/mesh/cluster-api.ts';
import { meshproof } from './cli.ts';
