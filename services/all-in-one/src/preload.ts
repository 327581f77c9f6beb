// What every thread of the platform loads before anything else.
import '@rapport/service-kit/tracing'
