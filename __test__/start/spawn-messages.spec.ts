import { messages } from './themes/messages.js';

messages('spawn');
