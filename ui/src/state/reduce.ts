/** The one function that turns an event into a new state. Pure: no clock, no I/O. */
import type { UiEvent, UiEventBody } from '../generated/api';
import { reduceOpen } from './conversation';
import { refresh, remove, upsert } from './list';
import type { State } from './state';

export function reduce(state: State, event: UiEvent): State {
  if (state.lost || event.seq <= state.seq) return state;
  if (event.seq !== state.seq + 1) return { ...state, lost: true };
  const next = { ...reduceBody(state, event.body), seq: event.seq };
  if (!next.open) return next;
  const open = reduceOpen(next.open, event);
  return open === 'lost' ? { ...next, lost: true } : { ...next, open };
}

function reduceBody(state: State, body: UiEventBody): State {
  switch (body.kind) {
    case 'conversation_changed':
      return {
        ...state,
        list: upsert(state.list, body.conversation),
        search: state.search && refresh(state.search, body.conversation),
      };
    case 'conversation_removed':
      return {
        ...state,
        list: remove(state.list, body.id),
        search: state.search && remove(state.search, body.id),
        open: state.open?.id === body.id ? null : state.open,
      };
    case 'engine':
      return { ...state, engine: body.engine };
    case 'models':
      return { ...state, models: body.models };
    case 'download':
      return {
        ...state,
        downloads: [...state.downloads.filter((one) => one.model !== body.download.model), body.download],
      };
    case 'download_ended':
      return { ...state, downloads: state.downloads.filter((one) => one.model !== body.model) };
    case 'settings':
      return { ...state, settings: body.settings, servers: body.servers };
    case 'notice':
      return {
        ...state,
        notices: [...state.notices.filter((one) => one.id !== body.notice.id), body.notice],
      };
    case 'notice_gone':
      return { ...state, notices: state.notices.filter((one) => one.id !== body.id) };
    case 'voice':
      return { ...state, voice: body.voice };
    case 'sensors':
      return { ...state, sensors: body.sensors };
    case 'summon':
      return { ...state, summon: body.summon };
    case 'voice_levels':
      return { ...state, levels: body.levels };
    // These concern the open conversation alone.
    case 'path':
    case 'reading':
    case 'delta':
    case 'message':
    case 'queue':
    case 'draft':
      return state;
  }
}
