import { faults } from './themes/faults.js';

faults('spawn');
