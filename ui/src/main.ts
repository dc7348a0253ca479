import { mount } from 'svelte';
import { chooseHost } from './host';
import './styles/tokens.css';
import './styles/base.css';
import App from './views/App.svelte';

const target = document.getElementById('app');
if (target) mount(App, { target, props: { host: await chooseHost() } });
