import { imports } from './themes/imports.js';

imports('spawn');
