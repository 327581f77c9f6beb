/**
 * The least that a user needs on Redis, as rules of its ACL: for the online store and the fenced lock, which have one URL.
 * The document for operators is made of it, and the drivers are tested under it.
 */
export const redisRights = {
  always:
    '~rpt:{* resetchannels -@all +ping +info +client|setname +evalsha +eval +hget +hmget +hgetall +hset +hdel ' +
    '+hincrby +hincrbyfloat +hscan +get +set +unlink +scan +time +pexpire',
  cluster: '+cluster|slots +cluster|info +cluster|nodes +readonly +asking',
  /** With `minReplicas`. */
  replicas: '+wait',
  /** With a database in the URL. */
  database: '+select',
} as const
