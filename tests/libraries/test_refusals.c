/* test_refusals.c - what other libraries refuse or cannot do, and the words for it
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/support/test.h"

#define WIDE ((uint64_t)1 << 32)

static const struct {
    const char *spec;
    uint64_t seed;
    const char *words; /* NULL = it is taken */
} cases[] = {
    {"shuffle order=mindspore", WIDE, "order=mindspore takes seeds below 2^32, not 4294967296"},
    {"shuffle order=mindspore", 5489, "to MindSpore seed 5489 means no seed"},
    {"split sizes=1 part=0 randomize=false order=mindspore", 5489, "means no seed"},
    {"distributed_sampler num_shards=2 shard_id=0 order=mindspore", 5489, NULL},
    {"distributed_sampler num_shards=2 shard_id=0 order=mindspore", UINT32_MAX,
     "MindSpore fails with seed 2^32 - 1"},
    {"distributed_sampler num_shards=2 shard_id=0 order=mindspore", WIDE, "below 2^32"},
    {"skip count=7 | shuffle order=mindspore", 1, "MindSpore refuses to shuffle nothing"},
    {"skip count=7 | shuffle order=torch", 1, NULL},
    {"distributed_sampler num_shards=2 shard_id=1 order=mindspore | random_sampler order=mindspore",
     1, "MindSpore fails here: it counts 7 rows below where there are 4"},
    {"distributed_sampler num_shards=2 shard_id=1 order=mindspore | random_sampler", 1, NULL},
    {"distributed_sampler num_shards=2 shard_id=1 order=mindspore | distributed_sampler "
     "num_shards=2 shard_id=1 shuffle=false order=mindspore",
     1, "MindSpore fails here: it counts 7 rows below where there are 4"},
    {"shuffle order=numpy", WIDE, "order=numpy takes seeds below 2^32"},
    {"shuffle order=numpy_generator", UINT64_MAX, NULL},
    {"shuffle order=torch", UINT64_MAX, NULL},
    {"shuffle order=torch_dataloader", UINT64_MAX, NULL},
    {"skip count=7 | shuffle order=torch_dataloader", 1, "DataLoader refuses to shuffle nothing"},
    {"skip count=7 | shuffle order=torch_dataloader_generator", 1, "refuses to shuffle nothing"},
    {"shuffle order=torch buffer_size=3", 1,
     "order=torch has no buffer_size: native,mindspore,datasets,tf,webdataset have one"},
    {"shuffle order=grain", UINT32_MAX, NULL},
    {"shuffle order=grain", WIDE, "order=grain takes seeds below 2^32, not 4294967296"},
    {"skip count=7 | shuffle order=grain", 1, NULL},
    {"shuffle order=tf_index_shuffle rule=second:4294967297", UINT64_MAX, NULL},
    {"shuffle order=jax", UINT64_MAX, NULL},
    {"skip count=7 | shuffle order=jax", 1, NULL},
    {"shuffle order=datasets", UINT64_MAX, NULL},
    {"shuffle order=tf", UINT64_MAX, NULL},
    {"skip count=7 | shuffle order=tf", 1, NULL},
    {"shuffle order=tf rule=global:3,unseeded:0", 1, "leave global out"},
    {"shuffle order=tf rule=unseeded:1000001", 1, "at most 1000000"},
    {"shuffle order=streaming", 1, "needs rule=shard_size:N"},
    {"shuffle order=streaming rule=naive", 1, NULL},
    {"skip count=7 | shuffle order=streaming rule=naive", 1, "0 rows are too few"},
    {"skip count=7 | shuffle order=streaming rule=shard_size:3", 1, "0 rows are too few"},
    {"shuffle order=streaming rule=shard_size:3", UINT64_MAX, "seeds below 2^64 - 2^32"},
    {"shuffle order=streaming rule=shard_size:0", 1, "a shard has rows"},
    {"shuffle order=streaming rule=shard_size:3,py1s", 1, "7 rows are too few for 64 canonical"},
    {"shuffle order=streaming rule=shard_size:3,nodes:2", 1, NULL},
    {"shuffle order=streaming rule=shard_size:3,nodes:7", 1, NULL},
    {"shuffle order=streaming rule=shard_size:3,ranks:3,rank:2", 1, NULL},
    {"shuffle order=streaming rule=shard_size:3,ranks:6,rank:2", 1, "too few"},
    {"shuffle order=streaming rule=shard_size:3,ranks:3,rank:3", 1, "ranks are 0 to 2"},
    {"shuffle order=streaming rule=shard_size:3,ranks:3", 1, "needs rule=rank:r beside it"},
    {"shuffle order=streaming rule=shard_size:3,machines:2,ranks:3,rank:0", 1, "as many ranks"},
    {"shuffle order=streaming rule=shard_size:3,machines:2,ranks:2,rank:0,nodes:3", 1,
     "refuses 3 canonical nodes on 2 machines"},
    {"shuffle order=streaming rule=shard_size:3,machines:4,ranks:4,rank:0,nodes:2", 1, NULL},
    {"shuffle order=streaming rule=shard_size:3,machines:6,ranks:6,rank:0,nodes:2", 1, NULL},
    {"shuffle order=streaming rule=shard_size:3,machines:6,ranks:6,rank:0,nodes:1", 1, "too few"},
    {"shuffle order=streaming rule=shard_size:3,nodes:0", 1, "nodes:0 is out of range"},
    {"shuffle order=streaming rule=shard_size:3,block_size:3", 1, "block_size:3 is out of range"},
    {"shuffle order=streaming rule=shard_size:3,py1s,py1e", 1, "names 2 algorithms"},
    {"shuffle order=llmc", WIDE, "order=llmc takes seeds below 2^32"},
    {"shuffle order=llmc rule=batch_size:0", 1, "batch_size:0,ranks:1 is out of range"},
    {"shuffle order=llmc rule=ranks:65", 1, "batch_size:1,ranks:65 is out of range"},
    {"shuffle order=llmc rule=batch_size:4,ranks:2", 1, "refuses a shard of 7 windows"},
    {"shuffle order=llmc rule=batch_size:2,shard_size:3", 1, "refuses a shard of 1 windows"},
    {"shuffle order=llmc rule=batch_size:2,shard_size:5", 1, NULL},
    {"skip count=7 | shuffle order=llmc", 1, "refuses a shard of 0 windows"},
    {"shuffle order=litdata", 1, "needs rule=chunk_size:N"},
    {"shuffle order=litdata rule=chunk_size:3", WIDE, "order=litdata takes seeds below 2^32"},
    {"shuffle order=litdata rule=chunk_size:3,workers:2", 1, "needs rule=batch_size beside it"},
    {"shuffle order=litdata rule=chunk_size:3,workers:0,batch_size:2", 1, "out of range: 1 to 256"},
    {"shuffle order=litdata rule=chunk_size:3,workers:2,batch_size:0", 1, "a batch has rows"},
    {"shuffle order=litdata rule=chunk_size:3,workers:9,batch_size:99,window:0", 1, NULL},
    {"shuffle order=litdata rule=chunk_size:3,ranks:0,rank:0", 1, "ranks:0 is out of range"},
    {"shuffle order=litdata rule=chunk_size:3,ranks:9,rank:1", 1, NULL},
    {"shuffle order=webdataset rule=det,initial:3", UINT64_MAX, NULL},
    {"shuffle order=webdataset rule=shard_size:0", 1, "a shard has rows"},
    {"shuffle order=webdataset rule=shard_det", 1, "needs rule=shard_shuffle"},
    {"shuffle order=webdataset rule=persistent_workers", 1, "needs rule=workers"},
    {"shuffle order=webdataset buffer_size=3 rule=in_shards", 1, "rows are not shuffled"},
    {"shuffle order=webdataset rule=shard_size:3,ranks:2,rank:0,workers:2,batch_size:3", 1,
     "one of 4 readers has none of 3 shards"},
    {"shuffle order=webdataset rule=shard_size:3,ranks:3,rank:2", 1, NULL},
    {"skip count=7 | shuffle order=webdataset rule=det", 1, NULL},
    {"skip count=7 | shuffle order=webdataset rule=shard_size:3,ranks:3,rank:2", 1,
     "WebDataset fails where its shards have no samples"},
    {"skip count=7 | shuffle order=datasets", 1, NULL},
    {"skip count=7 | shuffle buffer_size=3 order=datasets", 1, "makes no 1 shards of 0 rows"},
    {"skip count=7 | shuffle buffer_size=3 order=datasets rule=mapped", 1, NULL},
    {"skip count=7 | split sizes=0.5,0.5 part=1 order=datasets", 1, NULL},
    {"split sizes=7,0 part=1 order=datasets", 1, "neither the 7 rows nor 1"},
    {"shuffle buffer_size=3 order=datasets rule=shards:7", 1, NULL},
    {"shuffle buffer_size=3 order=datasets rule=shards:8", 1, "makes no 8 shards of 7 rows"},
    {"shuffle buffer_size=3 order=datasets rule=shards:0", 1,
     "shards:0 is out of range: 1 to 65536"},
    {"shuffle buffer_size=3 order=datasets rule=shards:2,ranks:2,rank:0", 1, "shards of one size"},
    {"shuffle buffer_size=3 order=datasets rule=shards:2,ranks:3,rank:0", 1, NULL},
    {"shuffle buffer_size=3 order=datasets rule=shards:2,ranks:3,rank:0,by_shards", 1,
     "no 2 shards among 3 ranks"},
    {"shuffle buffer_size=3 order=datasets rule=shards:7,ranks:3,rank:0,by_shards", 1, NULL},
    {"shuffle buffer_size=3 order=datasets rule=by_rows,by_shards", 1, "split one way"},
    {"shuffle buffer_size=3 order=datasets rule=workers:2", 1, "needs rule=batch_size"},
    {"shuffle buffer_size=3 order=datasets rule=shards:2,workers:3,batch_size:9,mapped", 1, NULL},
    {"shuffle order=datasets rule=shards:2", 1, "rule="},
    {"split sizes=2,5 part=1 order=datasets", 1, NULL},
    {"split sizes=0.3,0.7 part=1 order=datasets", 1, NULL},
    {"split sizes=0.3,0.3,0.4 part=1 order=datasets", 1, "takes two fractions"},
    {"split sizes=0.9,0.1 part=0 order=datasets", 1, "the parts of 7 rows have 7 and none"},
    {"split sizes=0.3,0.3,0.4 part=1 order=torch", 1, NULL},
    {"split sizes=0,7 part=0 order=torch", 1, NULL},
    {"skip count=7 | split sizes=0.5,0.5 part=0 order=torch", 1, NULL},
    {"split sizes=0,7 part=0", 1, "neither the 7 rows nor 1"},
    {"skip count=7 | random_sampler order=torch", 1, "no rows to draw from"},
    {"skip count=7 | distributed_sampler num_shards=2 shard_id=0 order=torch", 1, NULL},
    {"skip count=7 | distributed_sampler num_shards=2 shard_id=0", 1, "no rows to deal out"},
    {"split sizes=0.4,0.4,0.1,0.1 part=0 order=torch", 1, NULL},
    {"split sizes=0.7,0.2,0.1000000000000003 part=0 order=torch", 1,
     "PyTorch refuses fractions that sum to 1.00000000000000"},
    {"random_sampler order=torch reshuffle_each_epoch=false", 1, NULL},
    {"random_sampler order=torch rule=dataloader,persistent_workers", 1, NULL},
    {"random_sampler order=torch rule=persistent_workers", 1, "needs rule=dataloader beside it"},
    {"random_sampler order=torch rule=dataloader,global", 1, "rule=dataloader is global already"},
    {"shuffle order=torch_stateful_dataloader rule=persistent_workers", 1,
     "needs rule=workers beside it"},
    {"skip count=7 | shuffle order=torch_stateful_dataloader", 1, "refuses to shuffle nothing"},
    {"subset_random_sampler indices=3,1 num_samples=1 order=torch", 1, "has no num_samples"},
    {"weighted_random_sampler weights=1,0,2 num_samples=3 replacement=false order=torch", 1,
     "3 samples without replacement from 2 rows with a weight"},
    {"weighted_random_sampler weights=0.5,0,0.5 num_samples=3 replacement=false order=numpy", 1,
     "3 samples without replacement from 2 rows with a weight"},
    {"weighted_random_sampler weights=0.5,0.50000003 order=numpy", 1,
     "NumPy takes probabilities that sum to 1, not to 1.00000003"},
    {"weighted_random_sampler weights=0.5,0.50000001 order=numpy_generator", UINT64_MAX, NULL},
    {"weighted_random_sampler weights=1,2 order=numpy_generator", 1, "that sum to 1, not to 3"},
    {"weighted_random_sampler weights=0.5,0.5 order=numpy", WIDE, "seeds below 2^32"},
    {"kfold folds=7 fold=0 group_column=label order=sklearn", 1, NULL},
    {"kfold folds=3 fold=0 group_column=label class_column=label", 1, "cannot both be kept to"},
    {"distributed_sampler num_shards=2 shard_id=0 order=torch", UINT64_MAX,
     "PyTorch fails where seed + epoch passes 2^64 - 1"},
    {"distributed_sampler num_shards=2 shard_id=0 order=mindspore drop_last=true", 1,
     "MindSpore's has no drop_last"},
    {"distributed_sampler num_shards=2 shard_id=0 num_samples=2 order=torch", 1,
     "no num_samples and no offset"},
    {"distributed_sampler num_shards=2 shard_id=0 offset=0 order=torch", 1,
     "no num_samples and no offset"},
    {"random_sampler num_samples=8", 1, "num_samples=8 is more than the 7 rows"},
    {"random_sampler num_samples=8 order=torch", 1, NULL},
    {"random_sampler num_samples=8 order=mindspore", 1, NULL},
    {"random_sampler order=jax", 1, "is not one of native,mindspore,torch"},
    {"random_sampler num_samples=8 order=numpy", 1, "NumPy draws no 8 of 7 rows"},
    {"skip count=7 | random_sampler order=numpy", 1, NULL},
    {"skip count=7 | random_sampler replacement=true num_samples=2 order=numpy", 1,
     "no rows to draw from"},
    {"random_sampler num_samples=8 order=numpy_generator", 1, "NumPy draws no 8 of 7 rows"},
    {"random_sampler order=numpy_generator replacement=true rule=unshuffled", 1,
     "rule=unshuffled does nothing with replacement"},
    {"split sizes=0.5,0.5 part=0 order=numpy", 1, "NumPy has no fractions"},
    {"split sizes=0.5,0.5 part=0 order=sklearn rule=repeat:1001", 1, "at most 1000"},
    {"kfold fold=0 order=sklearn", WIDE, "order=sklearn takes seeds below 2^32"},
    {"kfold folds=8 fold=0 order=sklearn", 1, "8 folds of 7 rows"},
    {"skip count=6 | split sizes=0.5,0.5 part=0 order=sklearn", 1,
     "parts of 1 rows have 1 and none"},
    {"split sizes=7,0 part=0 order=sklearn", 1, "neither the 7 rows nor 1"},
    {"skip count=6 | kfold folds=2 fold=0 order=sklearn", 1, "2 folds of 1 rows"},
    {"kfold folds=2 fold=2", 1, "fold=2 of 2: they count from 0"},
    {"kfold folds=2 fold=1 class_column=label", 1, "more than the rows of every class: 1 at most"},
};

static void every_case(void **state)
{
    const dp_options options = {.size = sizeof options, .threads = 1};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char spec[200];
        dp_pipeline *p = NULL;
        dp_status status;
        snprintf(spec, sizeof spec, "range count=7 | %s", cases[i].spec);
        status = dp_open(&p, spec, cases[i].seed, &options, &test_error);
        dp_close(p);
        if (status != (cases[i].words == NULL ? DP_OK : DP_ESPEC))
            fail_msg("%s, seed %llu: status %d", spec, (unsigned long long)cases[i].seed, status);
        if (status != DP_OK && strstr(test_error.message, cases[i].words) == NULL)
            fail_msg("%s: '%s' lacks '%s'", spec, test_error.message, cases[i].words);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_case)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
