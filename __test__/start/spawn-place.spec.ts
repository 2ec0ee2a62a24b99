import { place } from './themes/place.js';

place('spawn');
